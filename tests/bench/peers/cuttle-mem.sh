# cuttle without a folder: hits from memory.
. "$here/peers/cuttle.sh"
cache_folder= cache_mem_object="4 MB"
