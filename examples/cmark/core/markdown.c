#include "markdown.h"

#include "cmark-gfm-core-extensions.h"
#include "cmark-gfm.h"

static const char *const extensions[] = {"table", "autolink", "tagfilter", "strikethrough", "tasklist"};

char *markdown_html(const char *text, size_t size, int options, int github)
{
    cmark_gfm_core_extensions_ensure_registered();
    cmark_parser *parser = cmark_parser_new(options);
    for (size_t i = 0; github && i < sizeof extensions / sizeof *extensions; i++)
        cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension(extensions[i]));
    cmark_parser_feed(parser, text, size);
    cmark_node *root = cmark_parser_finish(parser);
    char *html = cmark_render_html(root, options, cmark_parser_get_syntax_extensions(parser));
    cmark_node_free(root);
    cmark_parser_free(parser);
    return html;
}
