# squid without a folder: hits from memory.
. "$here/peers/squid.sh"
cache_mem_object="4 MB"
supports() { case $1 in hit-* | store-* | stop) ;; *) return 1 ;; esac; }
