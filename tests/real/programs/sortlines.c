/* Sorts the lines of files or of standard input.
 *   sortlines [-r] [-n] [-u] [-f] [-k FIELD] [-o OUT] [FILE...]
 * Ties are broken by the whole line, so the order never depends on qsort's own. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int reverse, numeric, unique, fold;
static long field;

static const char *key_of(const char *line)
{
    for (long i = 1; i < field; i++) {
        while (*line && !isspace((unsigned char)*line)) line++;
        while (*line && isspace((unsigned char)*line)) line++;
    }
    return line;
}

static int compare_text(const char *a, const char *b)
{
    for (;; a++, b++) {
        int x = (unsigned char)*a, y = (unsigned char)*b;
        if (fold) x = toupper(x), y = toupper(y);
        if (x != y) return x - y;
        if (!x) return 0;
    }
}

static int compare_keys(const char *a, const char *b)
{
    if (!numeric) return compare_text(key_of(a), key_of(b));
    double x = strtod(key_of(a), NULL), y = strtod(key_of(b), NULL);
    return (x > y) - (x < y);
}

static int compare(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int order = compare_keys(x, y);
    if (!order) order = strcmp(x, y);
    return reverse ? -order : order;
}

struct lines {
    char **items;
    size_t count, capacity;
};

static void read_lines(struct lines *all, FILE *in)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while ((length = getline(&line, &size, in)) >= 0) {
        if (length && line[length - 1] == '\n') line[length - 1] = 0;
        if (all->count == all->capacity) {
            all->capacity = all->capacity ? all->capacity * 2 : 8;
            all->items = realloc(all->items, all->capacity * sizeof *all->items);
        }
        all->items[all->count++] = strdup(line);
    }
    free(line);
}

int main(int argc, char **argv)
{
    struct lines all = {0};
    const char *target = NULL;
    int files = 0;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "-r") == 0) reverse = 1;
        else if (strcmp(arg, "-n") == 0) numeric = 1;
        else if (strcmp(arg, "-u") == 0) unique = 1;
        else if (strcmp(arg, "-f") == 0) fold = 1;
        else if (strcmp(arg, "-k") == 0 && i + 1 < argc) field = atol(argv[++i]);
        else if (strcmp(arg, "-o") == 0 && i + 1 < argc) target = argv[++i];
        else {
            FILE *in = fopen(arg, "r");
            if (!in) {
                fprintf(stderr, "sortlines: cannot open %s\n", arg);
                return 2;
            }
            read_lines(&all, in);
            fclose(in);
            files++;
        }
    }
    if (!files) read_lines(&all, stdin);
    qsort(all.items, all.count, sizeof *all.items, compare);
    FILE *out = target ? fopen(target, "w") : stdout;
    if (!out) {
        fprintf(stderr, "sortlines: cannot write %s\n", target);
        return 2;
    }
    for (size_t i = 0; i < all.count; i++)
        if (!unique || i == 0 || compare_keys(all.items[i - 1], all.items[i]) != 0) fprintf(out, "%s\n", all.items[i]);
    for (size_t i = 0; i < all.count; i++) free(all.items[i]);
    free(all.items);
    return fclose(out) != 0;
}
