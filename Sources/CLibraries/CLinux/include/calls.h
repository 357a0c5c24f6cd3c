#pragma once

#include <stdint.h>

/// Has the kernel begin to write a part of a file to the disk, and does not wait for it. Only a hint: errors come with
/// `fsync`.
void linux_begin_writing(int descriptor, int64_t offset, int64_t count);
