#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether the processor has instructions for CRC-32C that this library knows.
bool checksums_has_crc32c(void);

/// The CRC-32C of `count` bytes, of which `skipped` behind the first `head` are left out, and those first ones come
/// last: as records of the WAL have it. `head + skipped` is at most `count`. Only if `checksums_has_crc32c`.
uint32_t checksums_crc32c_swapped(const void *bytes, size_t head, size_t skipped, size_t count);
