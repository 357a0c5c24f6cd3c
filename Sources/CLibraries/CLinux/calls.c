// A call of Linux that the headers show only to those who ask for it by a define, which SwiftPM's Glibc does not.

#define _GNU_SOURCE

#include "calls.h"

#include <fcntl.h>

void linux_begin_writing(int descriptor, int64_t offset, int64_t count) {
  sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}
