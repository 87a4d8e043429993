# cuttle without memory for objects: hits from the disk, through the page cache.
. "$here/peers/cuttle.sh"
cache_mem="0 MB"
