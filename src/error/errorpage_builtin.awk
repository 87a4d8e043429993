# Make a C table of the error page templates and their style sheet, for where none are installed.
BEGIN {
	print "/* Made from etc/errors by errorpage_builtin.awk. */"
	print "#include \"error/errorpage_builtin.h\"\n"
	print "const struct errorpage_builtin errorpage_builtins[] = {"
}
FNR == 1 {
	name = FILENAME
	sub(/.*\//, "", name)
	if (NR > 1)
		print "\t},"
	print "\t{ \"" name "\","
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	print "\t  \"" $0 "\\n\""
}
END {
	print "\t},\n\t{ NULL, NULL },\n};"
}
