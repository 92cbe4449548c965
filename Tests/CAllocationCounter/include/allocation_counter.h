#pragma once
#include <stdint.h>

/// Blocks of memory that this process has asked the C library for, by any function, on any thread. Always 0 under a sanitizer, which
/// has an allocator of its own.
uint64_t allocation_count(void);

/// Whether blocks are counted.
int allocation_count_works(void);
