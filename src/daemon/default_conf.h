/*
 * The built-in configuration: etc/cuttle.conf.default, compiled in.
 */
#pragma once

extern const char default_conf_text[];
