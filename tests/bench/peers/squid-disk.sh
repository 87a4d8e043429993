# squid with an aufs folder and next to no memory for objects: hits from the disk, through the page cache.
. "$here/peers/squid.sh"
cache_mem="8 MB" cache_mem_object="0 KB" cache_folder="aufs $run/store 8000 16 256"
supports() { is_about_cache "$1" && [ "$1" != stalled-disk ]; }
