/* Time: fixed stamps through the calendar functions, then the live clocks as numbers to be checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void calendar(void)
{
    static const long long stamps[] = {0, 951782400, 1078012799, 1234567890, 2147483647, 4102444800LL, -86401, 253402300799LL};
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        time_t t = (time_t)stamps[i];
        struct tm tm;
        char text[80];
        gmtime_r(&t, &tm);
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %j %U %y %b %p %I", &tm);
        printf("%lld %s wday=%d yday=%d\n", stamps[i], text, tm.tm_wday, tm.tm_yday);
    }
    struct tm odd = {.tm_year = 124, .tm_mon = 13, .tm_mday = 35, .tm_hour = 30, .tm_min = -5, .tm_sec = 70};
    printf("mktime %lld ", (long long)mktime(&odd));
    printf("%s", asctime(&odd));
    printf("difftime %g\n", difftime(1000, 250));
}

static long long now(clockid_t id)
{
    struct timespec t;
    if (clock_gettime(id, &t) != 0) return -1;
    return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "live") == 0) {
        struct timespec pause = {0, 30 * 1000 * 1000}, resolution;
        long long before = now(CLOCK_MONOTONIC);
        int slept = nanosleep(&pause, NULL);
        long long after = now(CLOCK_MONOTONIC);
        printf("%lld %lld %lld %lld %d %d\n", now(CLOCK_REALTIME), (long long)time(NULL), before, after, slept,
               clock_getres(CLOCK_REALTIME, &resolution) == 0 && resolution.tv_nsec > 0);
        return 0;
    }
    calendar();
    return 0;
}
