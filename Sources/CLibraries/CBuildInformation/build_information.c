#include "build_information.h"

const char *const scrubber_commit = SCRUBBER_COMMIT;
