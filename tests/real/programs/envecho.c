/* Shows what the program was given, and ends as it is told.
 *   envecho args A...   envecho env NAME...   envecho exit N   envecho return N   envecho stderr
 *   envecho abort       envecho _exit N        envecho cat      envecho recurse    envecho loop */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static void first(void) { puts("atexit: registered first, called last"); }
static void second(void) { puts("atexit: registered second, called first"); }

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void show_environment(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        const char *value = getenv(argv[i]);
        printf("%s=%s\n", argv[i], value ? value : "(not set)");
    }
    size_t n = 0;
    while (environ[n]) n++;
    char **sorted = malloc((n + 1) * sizeof *sorted);
    memcpy(sorted, environ, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    for (size_t i = 0; i < n; i++) printf("[%zu] %s\n", i, sorted[i]);
    setenv("ADDED", "here", 1);
    unsetenv("A");
    printf("ADDED=%s A=%s\n", getenv("ADDED"), getenv("A") ? getenv("A") : "(not set)");
    free(sorted);
}

static long copy_input(void)
{
    char buffer[4096];
    long total = 0;
    ssize_t got;
    while ((got = read(0, buffer, sizeof buffer)) > 0) {
        for (ssize_t done = 0; done < got;) {
            ssize_t wrote = write(1, buffer + done, (size_t)(got - done));
            if (wrote < 0) return -1;
            done += wrote;
        }
        total += got;
    }
    return got < 0 ? -1 : total;
}

static int recurse(volatile int *up)
{
    volatile int here[64];
    here[0] = *up + 1;
    return recurse(here) + here[0];
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "args") == 0) {
        for (int i = 2; i < argc; i++) printf("%d <%s> %zu\n", i, argv[i], strlen(argv[i]));
        return argv[argc] == NULL ? 0 : 1;
    }
    if (strcmp(what, "env") == 0) {
        show_environment(argc, argv);
        return 0;
    }
    if (strcmp(what, "exit") == 0) {
        atexit(first);
        atexit(second);
        fputs("buffered, must still come out", stdout);
        putchar('\n');
        exit(atoi(argv[2]));
    }
    if (strcmp(what, "return") == 0) return atoi(argv[2]);
    if (strcmp(what, "_exit") == 0) {
        fputs("buffered, must not come out", stdout);
        _exit(atoi(argv[2]));
    }
    if (strcmp(what, "stderr") == 0) {
        fputs("one ", stderr);
        puts("out");
        fflush(stdout);
        fprintf(stderr, "two\n");
        return isatty(1) || isatty(0);
    }
    if (strcmp(what, "cat") == 0) {
        long total = copy_input();
        fprintf(stderr, "%ld bytes\n", total);
        return total < 0;
    }
    if (strcmp(what, "abort") == 0) {
        puts("before the end");
        fflush(stdout);
        abort();
    }
    if (strcmp(what, "recurse") == 0) {
        volatile int zero = 0;
        return recurse(&zero);
    }
    if (strcmp(what, "loop") == 0) {
        puts("looping");
        fflush(stdout);
        for (volatile unsigned n = 0;; n++) {
        }
    }
    fputs("usage: envecho args|env|exit|return|_exit|stderr|cat|abort|recurse|loop\n", stderr);
    return 64;
}
