/* Loops of one call each, in the current directory: what a call through WASI costs beside the same call without.
 * Each takes the number of calls and returns how many did what they should. `prepare` comes first. */
#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static int file = -1;

uint32_t prepare(void)
{
    file = open("syscalls.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
    return file >= 0 && write(file, "0123456789abcdef", 16) == 16;
}

uint32_t write16(uint32_t times)
{
    uint32_t good = 0;
    for (uint32_t i = 0; i < times; i++) {
        if (i % 4096 == 0 && lseek(file, 0, SEEK_SET) != 0)
            break;
        good += write(file, "0123456789abcdef", 16) == 16;
    }
    return good;
}

uint32_t read16(uint32_t times)
{
    char buffer[16];
    uint32_t good = 0;
    (void)write16(4096);
    for (uint32_t i = 0; i < times; i++) {
        if (i % 4096 == 0 && lseek(file, 0, SEEK_SET) != 0)
            break;
        good += read(file, buffer, 16) == 16 && buffer[15] == 'f';
    }
    return good;
}

uint32_t open_close(uint32_t times)
{
    uint32_t good = 0;
    for (uint32_t i = 0; i < times; i++) {
        int fd = open("syscalls.tmp", O_RDONLY);
        good += fd >= 0 && close(fd) == 0;
    }
    return good;
}

uint32_t clock_time(uint32_t times)
{
    uint32_t good = 0;
    for (uint32_t i = 0; i < times; i++) {
        struct timespec now;
        good += clock_gettime(CLOCK_MONOTONIC, &now) == 0 && now.tv_nsec >= 0;
    }
    return good;
}
