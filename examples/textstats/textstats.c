/* Statistics of text. Strings come as a pointer to UTF-8 and a length; the caller owns them. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int32_t gcd(int32_t a, int32_t b)
{
    while (b) {
        int32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int is_space(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

uint32_t count_words(const unsigned char *text, uint32_t length)
{
    uint32_t words = 0;
    for (uint32_t i = 0; i < length; i++) words += !is_space(text[i]) && (i == 0 || is_space(text[i - 1]));
    return words;
}

/* Shannon's entropy in bits per byte. */
double entropy(const unsigned char *text, uint32_t length)
{
    uint32_t counts[256] = {0};
    double bits = 0;
    for (uint32_t i = 0; i < length; i++) counts[text[i]]++;
    for (int c = 0; c < 256; c++)
        if (counts[c]) bits -= (double)counts[c] / length * log2((double)counts[c] / length);
    return bits;
}

/* Levenshtein's distance in bytes, by one row of the table; UINT32_MAX when memory is short. */
uint32_t distance(const unsigned char *a, uint32_t a_length, const unsigned char *b, uint32_t b_length)
{
    uint32_t *row = malloc(((size_t)b_length + 1) * sizeof *row);
    if (!row) return UINT32_MAX;
    for (uint32_t j = 0; j <= b_length; j++) row[j] = j;
    for (uint32_t i = 1; i <= a_length; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= b_length; j++) {
            uint32_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = above;
            row[j] = best;
        }
    }
    uint32_t result = row[b_length];
    free(row);
    return result;
}
