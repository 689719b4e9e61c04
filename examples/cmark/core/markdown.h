#pragma once
#include <stddef.h>

/** The HTML of a Markdown document, for free() to end.
 *  @param options CMARK_OPT_*
 *  @param github whether tables, task lists, strike-through and bare links are understood */
char *markdown_html(const char *text, size_t size, int options, int github);
