/* A WASI program: plain C, libc, files. It sees the folder that it was granted, and nothing else. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) printf("Hello, %s!\n", argv[i]);
    char line[256];
    unsigned lines = 0, letters = 0;
    FILE *in = fopen("poem.txt", "r");
    if (!in) {
        fputs("hello: no poem.txt in the folder that was granted\n", stderr);
        return 1;
    }
    while (fgets(line, sizeof line, in)) {
        lines++;
        letters += (unsigned)strcspn(line, "\n");
    }
    fclose(in);
    printf("poem.txt has %u lines and %u characters.\n", lines, letters);
    FILE *secret = fopen("/etc/passwd", "r");
    printf("/etc/passwd: %s\n", secret ? "opened" : "out of reach");
    return 0;
}
