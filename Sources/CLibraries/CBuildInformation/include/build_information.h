#pragma once

/// The commit this program was built from, "-dirty" behind it if the checkout had changes; "unknown" outside a checkout.
extern const char *const scrubber_commit;
