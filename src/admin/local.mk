noinst_LIBRARIES += src/admin/libadmin.a
src_admin_libadmin_a_SOURCES = src/admin/manager.c src/admin/manager.h
