// CRC-32C by the instruction that x86-64 has for it, which Swift cannot name.

#include "checksums.h"

#include <string.h>

#if defined(__x86_64__)

// The instruction takes three cycles but another one can begin in each: three stretches of this length side by side.
#define STRETCH 512
// x^(8 * STRETCH) and x^(16 * STRETCH) modulo the polynomial: what a state is multiplied by to pass over that many
// zero bytes.
#define BEHIND_ONE 0x74c360a4
#define BEHIND_TWO 0xe4172b16

bool checksums_has_crc32c(void) {
  return __builtin_cpu_supports("sse4.2");
}

// The product of two polynomials modulo that of CRC-32C, bits reflected.
static uint32_t multiply(uint32_t one, uint32_t other) {
  uint32_t product = 0;
  for (uint32_t bit = 0x80000000; bit != 0; bit >>= 1) {
    product ^= one & bit ? other : 0;
    other = (other >> 1) ^ (other & 1 ? 0x82f63b78 : 0);
  }
  return product;
}

static inline uint64_t word(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

__attribute__((target("sse4.2")))
uint32_t checksums_crc32c(uint32_t state, const void *start, size_t count) {
  const uint8_t *bytes = start;
  uint64_t first = state;
  while (count >= 3 * STRETCH) {
    uint64_t second = 0, third = 0;
    for (size_t offset = 0; offset < STRETCH; offset += 8) {
      first = __builtin_ia32_crc32di(first, word(bytes + offset));
      second = __builtin_ia32_crc32di(second, word(bytes + STRETCH + offset));
      third = __builtin_ia32_crc32di(third, word(bytes + 2 * STRETCH + offset));
    }
    first = multiply(BEHIND_TWO, (uint32_t)first) ^ multiply(BEHIND_ONE, (uint32_t)second) ^ third;
    bytes += 3 * STRETCH;
    count -= 3 * STRETCH;
  }
  for (; count >= 8; bytes += 8, count -= 8) first = __builtin_ia32_crc32di(first, word(bytes));
  uint32_t last = (uint32_t)first;
  for (; count > 0; bytes++, count--) last = __builtin_ia32_crc32qi(last, *bytes);
  return last;
}

#else

bool checksums_has_crc32c(void) {
  return false;
}

uint32_t checksums_crc32c(uint32_t state, const void *start, size_t count) {
  (void)start;
  (void)count;
  return state;
}

#endif
