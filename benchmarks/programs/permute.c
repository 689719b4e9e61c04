/* Pancake flips over all permutations (the longest run of flips): small arrays, short loops. */
#include "bench.h"

static int flips(const int *order, int length)
{
    int work[12], count = 0;
    for (int i = 0; i < length; i++) work[i] = order[i];
    for (int first; (first = work[0]) != 0; count++)
        for (int low = 0, high = first; low < high; low++, high--) {
            int t = work[low];
            work[low] = work[high];
            work[high] = t;
        }
    return count;
}

uint64_t run(uint32_t n)
{
    int order[12], index[12] = {0}, best = 0, length = (int)n;
    uint64_t hash = 0;
    for (int i = 0; i < length; i++) order[i] = i;
    best = flips(order, length);
    for (int i = 0; i < length;) { /* Heap's permutations, without recursion */
        if (index[i] < i) {
            int other = i & 1 ? index[i] : 0, t = order[other];
            order[other] = order[i];
            order[i] = t;
            int count = flips(order, length);
            if (count > best) best = count;
            hash += (uint64_t)(count * (order[0] + 1));
            index[i]++;
            i = 0;
        } else {
            index[i++] = 0;
        }
    }
    return hash * 1000 + (uint64_t)best;
}
