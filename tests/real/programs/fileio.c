/* Files by descriptor and by stream: positions, modes, vectors, big blocks, binary safety.
 * Works in the current directory, prints what it sees, leaves the files for the test to compare. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static uint32_t checksum(const unsigned char *data, size_t n)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < n; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void expect(int condition, const char *what)
{
    if (!condition) printf("FAILED %s (errno %s)\n", what, errno == EBADF ? "EBADF" : errno == EINVAL ? "EINVAL" : "?");
}

static void streams(void)
{
    FILE *f = fopen("stream.txt", "w+");
    expect(f != NULL, "fopen w+");
    for (int i = 0; i < 1000; i++) fprintf(f, "line %d %.3f\n", i, i / 7.0);
    printf("ftell %ld\n", ftell(f));
    rewind(f);
    char line[64];
    long lines = 0;
    while (fgets(line, sizeof line, f)) lines++;
    printf("lines %ld eof %d error %d\n", lines, !!feof(f), !!ferror(f));
    expect(fseek(f, -20, SEEK_END) == 0, "fseek end");
    expect(fgets(line, sizeof line, f) != NULL, "fgets");
    printf("tail <%s>\n", strtok(line, "\n"));
    expect(fseek(f, 5, SEEK_SET) == 0, "fseek set");
    fputs("CHANGED", f);
    expect(fseek(f, 0, SEEK_CUR) == 0, "fseek cur");
    printf("after the change <%c", getc(f));
    int c = getc(f);
    ungetc(c, f);
    printf("%c>\n", getc(f));
    expect(fclose(f) == 0, "fclose");
    f = fopen("stream.txt", "a+");
    fputs("appended\n", f);
    printf("at %ld\n", ftell(f));
    rewind(f);
    int a;
    double b;
    char word[16];
    int fields = fscanf(f, "%15s %d %lf", word, &a, &b);
    printf("fscanf %d <%s>\n", fields, word);
    fclose(f);
    printf("mode r on nothing: %s\n", fopen("nothing.txt", "r") ? "opened" : errno == ENOENT ? "ENOENT" : "?");
    printf("mode wx on something: %s\n", fopen("stream.txt", "wx") ? "opened" : errno == EEXIST ? "EEXIST" : "?");
    f = fopen("stream.txt", "r");
    errno = 0;
    printf("write to a reader: %d\n", fputc('x', f) == EOF);
    fclose(f);
}

static void descriptors(void)
{
    int fd = open("blocks.bin", O_RDWR | O_CREAT | O_TRUNC, 0600);
    expect(fd >= 0, "open");
    unsigned char block[777], back[777];
    for (unsigned i = 0; i < 300; i++) {
        for (unsigned j = 0; j < sizeof block; j++) block[j] = (unsigned char)(i * 31 + j * 7);
        expect(write(fd, block, sizeof block) == (ssize_t)sizeof block, "write");
    }
    printf("size %lld\n", (long long)lseek(fd, 0, SEEK_CUR));
    expect(pread(fd, back, sizeof back, 299 * 777) == 777 && memcmp(back, block, 777) == 0, "pread");
    expect(pwrite(fd, "\0binary\0", 8, 1000) == 8, "pwrite");
    ssize_t inside = pread(fd, back, 10, 300 * 777 - 4), outside = pread(fd, back, 10, 1 << 20);
    printf("pread at the end %zd past the end %zd\n", inside, outside);
    printf("position unmoved %lld\n", (long long)lseek(fd, 0, SEEK_CUR));
    expect(lseek(fd, 500000, SEEK_SET) == 500000, "seek past the end");
    expect(write(fd, "end", 3) == 3, "write past the end");
    expect(lseek(fd, 300000, SEEK_SET) == 300000 && read(fd, back, 100) == 100, "read the hole");
    printf("hole sum %u\n", checksum(back, 100));
    printf("seek before the start: %d\n", lseek(fd, -5, SEEK_SET) == -1 && errno == EINVAL);
    struct iovec parts[4] = {{(void *)"one,", 4}, {(void *)"", 0}, {(void *)"two,", 4}, {(void *)"three", 5}};
    lseek(fd, 10, SEEK_SET);
    printf("writev %zd\n", writev(fd, parts, 4));
    char x[4] = "", y[7] = "", z[20] = "";
    struct iovec into[3] = {{x, 3}, {y, 6}, {z, 4}};
    lseek(fd, 10, SEEK_SET);
    ssize_t got = readv(fd, into, 3);
    printf("readv %zd <%.3s|%.6s|%.4s>\n", got, x, y, z);
    struct stat st;
    expect(fstat(fd, &st) == 0, "fstat");
    printf("fstat %lld regular %d\n", (long long)st.st_size, S_ISREG(st.st_mode));
    expect(ftruncate(fd, 100000) == 0, "ftruncate");
    expect(fsync(fd) == 0, "fsync");
    expect(close(fd) == 0, "close");
    printf("closed twice: %d\n", close(fd) == -1 && errno == EBADF);
    printf("read of a closed one: %d\n", read(fd, back, 1) == -1 && errno == EBADF);
}

static void appending(void)
{
    int fd = open("log.txt", O_WRONLY | O_CREAT | O_APPEND, 0644), other = open("log.txt", O_WRONLY | O_APPEND);
    for (int i = 0; i < 5; i++) {
        expect(write(fd, "first\n", 6) == 6 && write(other, "second\n", 7) == 7, "append");
        lseek(fd, 0, SEEK_SET);
    }
    close(fd);
    close(other);
    fd = open("log.txt", O_RDONLY);
    char text[256];
    ssize_t n = read(fd, text, sizeof text);
    printf("log %zd %u\n", n, checksum((unsigned char *)text, (size_t)n));
    printf("write to O_RDONLY: %d\n", write(fd, "x", 1) == -1 && errno == EBADF);
    close(fd);
}

static void big(void)
{
    size_t n = 3 * 1000 * 1000;
    unsigned char *data = malloc(n), *back = malloc(n);
    for (size_t i = 0; i < n; i++) data[i] = (unsigned char)(i * 2654435761u >> 13);
    FILE *f = fopen("big.bin", "wb");
    static char buffer[100000];
    setvbuf(f, buffer, _IOFBF, sizeof buffer);
    printf("fwrite %zu\n", fwrite(data, 1, n, f));
    fclose(f);
    f = fopen("big.bin", "rb");
    setvbuf(f, NULL, _IONBF, 0);
    size_t got = fread(back, 1, n, f);
    printf("fread %zu same %d sum %08x\n", got, memcmp(data, back, n) == 0, checksum(back, n));
    got = fread(back, 1, 10, f);
    printf("fread at the end %zu eof %d\n", got, !!feof(f));
    fclose(f);
    free(data);
    free(back);
}

static void times(void)
{
    struct timespec stamps[2] = {{1000000000, 123456789}, {1234567890, 987654321}};
    struct stat st;
    expect(utimensat(AT_FDCWD, "log.txt", stamps, 0) == 0 && stat("log.txt", &st) == 0, "utimensat");
    printf("times %lld.%09ld %lld.%09ld\n", (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
           (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

int main(void)
{
    streams();
    descriptors();
    appending();
    big();
    times();
    return 0;
}
