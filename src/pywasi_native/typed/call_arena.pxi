# The part of the module's memory that arguments are copied to.

cdef enum:
    ALIGNMENT = 16
    FIRST_CHUNK = 65536 - 64        # with what an allocator adds, a page
    LARGEST_CHUNK = 1 << 20         # calls that need more get theirs and give it back


@cython.final
cdef class Region:
    """Bytes of an arena that a stopped call holds."""

    cdef uint64_t start, end
    cdef bint is_over


@cython.final
cdef class Arena:
    """A stack of bytes in the module's memory. Calls take from its top and give back what they took when they end, so
    that calls from within callbacks lie above those that they are part of. A call that fuel has stopped keeps its
    bytes; those of the calls that came after it lie above.

    Only for those who have entered the store.

    Args:
        memory: of the module.
        allocate: takes a number of bytes and gives an address; MemoryError if there is no room.
        release: takes back an address that `allocate` gave.
    """

    cdef readonly Memory memory
    cdef readonly object allocate, release
    cdef uint64_t given             # by the allocator; 0: there is no chunk yet
    cdef uint64_t base, size, top   # within it, aligned
    cdef uint64_t epoch             # how often it began anew
    cdef list kept                  # regions of stopped calls, upwards
    cdef list dropped               # of calls that nobody can go on with: call_stopped.pxi
    cdef bint has_dropped

    def __cinit__(self, Memory memory not None, object allocate, object release):
        self.memory, self.allocate, self.release = memory, allocate, release
        self.kept, self.dropped = [], []

    def __repr__(self):
        return f"<arena of {self.size} bytes, {self.top} in use>"

    def forget(self):
        """Begins anew in a memory that is not the one it took from: the instance was reset. No call may run."""
        self.given = self.base = self.size = self.top = 0
        self.epoch += 1
        self.kept.clear()
        self.dropped.clear()

    cdef Region keep(self, uint64_t start):
        """What is above `start` is a stopped call's from now on."""
        cdef Region made = Region.__new__(Region)
        made.start, made.end = start, self.top
        if made.end <= made.start:
            return None
        self.kept.append(made)
        return made

    cdef int let_go(self, Region region) except -1:
        if region is not None:
            region.is_over = True
            self.settle()
        return 0

    cdef int settle(self) except -1:
        """The top falls down to what somebody holds."""
        cdef Region last
        while self.kept:
            last = self.kept[len(self.kept) - 1]
            if self.top < last.end:  # a call that began before the stopped one has ended
                self.top = last.end
            if not last.is_over or self.top > last.end:
                return 0
            self.top = last.start
            self.kept.pop()
        return 0

    cdef uint64_t fetch(self, uint64_t count) except 0:
        """Bytes from the module's allocator. What it says is not believed: it is code of the guest."""
        address = self.allocate(count)
        cdef uint64_t start = address
        cdef uint64_t limit = self.memory.bytes_now()
        if start == 0 or start > limit or count > limit - start:
            raise MemoryError(f"the module's allocator gave {start:#x} for {count} bytes in a memory of {limit}")
        return start

    cdef int reserve(self, uint64_t count, uint64_t *address, uint64_t *loose) except -1:
        """Takes `count` bytes. `loose` is 0, or what has to be given to `release` when the call ends."""
        loose[0] = 0
        if count > self.size - self.top and self.top == 0 and count <= LARGEST_CHUNK:
            self.renew(count)
        if count <= self.size - self.top:
            address[0] = self.base + self.top
            self.top += count
            return 0
        loose[0] = self.fetch(count + ALIGNMENT)
        address[0] = aligned(loose[0])
        return 0

    cdef int renew(self, uint64_t count) except -1:
        """A chunk that has room for `count` bytes in place of the one that nobody uses."""
        cdef uint64_t wanted = max(<uint64_t>FIRST_CHUNK, 2 * self.size), given
        while wanted < count:
            wanted *= 2
        given = self.fetch(wanted + ALIGNMENT)
        if self.top:  # the allocator called the host, and that called a typed function, which uses the chunk now
            self.release(given)
            return 0
        old, self.given, self.base, self.size = self.given, given, aligned(given), wanted
        if old:
            self.release(old)
        return 0


cdef inline uint64_t aligned(uint64_t count) noexcept:
    return (count + ALIGNMENT - 1) & ~<uint64_t>(ALIGNMENT - 1)
