/* An echo server on the socket that it was given as descriptor 3: one connection after the other, as many as its
 * argument says; poll(2) before each step, answers in capitals, ends a connection when the peer has ended its half. */
#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int wait_for(int fd, short events)
{
    struct pollfd one = {.fd = fd, .events = events};
    return poll(&one, 1, 5000) == 1 && (one.revents & events);
}

int main(int argc, char **argv)
{
    char buffer[256];
    int left = argc > 1 ? atoi(argv[1]) : 1;
    for (; left > 0; left--) {
        if (!wait_for(3, POLLIN))
            return 2;
        int peer = accept(3, NULL, NULL);
        if (peer < 0) {
            perror("accept");
            return 3;
        }
        ssize_t length, total = 0;
        while (wait_for(peer, POLLIN) && (length = recv(peer, buffer, sizeof buffer, 0)) > 0) {
            for (ssize_t i = 0; i < length; i++)
                buffer[i] = (char)toupper((unsigned char)buffer[i]);
            if (send(peer, buffer, (size_t)length, 0) != length)
                return 4;
            total += length;
        }
        if (shutdown(peer, SHUT_WR) != 0 || close(peer) != 0)
            return 5;
        printf("%zd bytes\n", total);
    }
    return 0;
}
