#pragma once

// Debian's headers pull in ICU, which clashes with the ICU of Foundation. Only types that nobody here uses are lost.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
