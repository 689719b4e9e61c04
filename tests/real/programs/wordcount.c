/* Counts words with a growing open-addressing hash table.
 *   wordcount [-n TOP] [-i] [FILE...]     without a file: standard input
 * Most frequent first, then by the alphabet. Exit code 1 when a file cannot be read. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *word;
    uint32_t hash;
    unsigned long count;
};

struct table {
    struct entry *slots;
    size_t capacity, used;
};

static uint32_t fnv1a(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static void *must(void *block)
{
    if (!block) {
        fputs("wordcount: out of memory\n", stderr);
        exit(3);
    }
    return block;
}

static struct entry *find(struct table *t, const char *word, uint32_t hash)
{
    size_t i = hash & (t->capacity - 1);
    while (t->slots[i].word && (t->slots[i].hash != hash || strcmp(t->slots[i].word, word) != 0))
        i = (i + 1) & (t->capacity - 1);
    return &t->slots[i];
}

static void grow(struct table *t)
{
    struct table bigger = {must(calloc(t->capacity * 2, sizeof *t->slots)), t->capacity * 2, t->used};
    for (size_t i = 0; i < t->capacity; i++)
        if (t->slots[i].word) *find(&bigger, t->slots[i].word, t->slots[i].hash) = t->slots[i];
    free(t->slots);
    *t = bigger;
}

static void count_word(struct table *t, const char *word)
{
    if ((t->used + 1) * 10 > t->capacity * 7) grow(t);
    uint32_t hash = fnv1a(word);
    struct entry *e = find(t, word, hash);
    if (!e->word) {
        e->word = must(strdup(word));
        e->hash = hash;
        t->used++;
    }
    e->count++;
}

static unsigned long count_stream(struct table *t, FILE *in, int fold)
{
    size_t length = 0, capacity = 8;
    char *word = must(malloc(capacity));
    unsigned long words = 0;
    int c;
    do {
        c = getc(in);
        if (c != EOF && (isalnum(c) || c == '_' || c >= 0x80)) {
            if (length + 2 > capacity) word = must(realloc(word, capacity *= 2));
            word[length++] = (char)(fold ? tolower(c) : c);
        } else if (length) {
            word[length] = 0;
            count_word(t, word);
            words++;
            length = 0;
        }
    } while (c != EOF);
    free(word);
    return words;
}

static int by_count(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return strcmp(x->word, y->word);
}

int main(int argc, char **argv)
{
    struct table t = {must(calloc(16, sizeof(struct entry))), 16, 0};
    unsigned long words = 0;
    long top = 10;
    int fold = 0, files = 0, status = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-i") == 0) fold = 1;
        else if (strcmp(argv[i], "-n") == 0 && i + 1 < argc) top = strtol(argv[++i], NULL, 0);
        else {
            FILE *in = fopen(argv[i], "rb");
            files++;
            if (!in) {
                fprintf(stderr, "wordcount: %s: %s\n", argv[i], errno == ENOENT ? "no such file" : "cannot open");
                status = 1;
                continue;
            }
            words += count_stream(&t, in, fold);
            fclose(in);
        }
    }
    if (!files) words += count_stream(&t, stdin, fold);
    struct entry *sorted = must(malloc((t.used + 1) * sizeof *sorted));
    size_t n = 0;
    for (size_t i = 0; i < t.capacity; i++)
        if (t.slots[i].word) sorted[n++] = t.slots[i];
    qsort(sorted, n, sizeof *sorted, by_count);
    printf("%lu words, %zu different\n", words, n);
    for (size_t i = 0; i < n && (long)i < top; i++)
        printf("%7lu %5.2f%% %s\n", sorted[i].count, 100.0 * (double)sorted[i].count / (double)words, sorted[i].word);
    for (size_t i = 0; i < n; i++) free(sorted[i].word);
    free(sorted);
    free(t.slots);
    return status;
}
