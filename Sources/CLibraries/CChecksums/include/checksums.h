#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether the processor has an instruction for CRC-32C that this library knows.
bool checksums_has_crc32c(void);

/// The state of a CRC-32C after `count` more bytes: no inversion before or after. Only if `checksums_has_crc32c`.
uint32_t checksums_crc32c(uint32_t state, const void *bytes, size_t count);
