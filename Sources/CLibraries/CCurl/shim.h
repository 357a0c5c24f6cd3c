#pragma once

// Swift cannot call variadic functions; these give each kind of argument a function of its own.
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

typedef size_t (*shim_data_callback)(char *, size_t, size_t, void *);

static inline CURLcode shim_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode shim_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode shim_set_text(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode shim_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode shim_set_const_pointer(CURL *handle, CURLoption option, const void *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode shim_set_callback(CURL *handle, CURLoption option, shim_data_callback value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLMcode shim_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

#include <malloc.h>

/// Has the C library keep freed memory instead of giving it back: the system fills what it hands out with zeros, which
/// for bodies of megabytes that come and go costs as much as the network does.
static inline void shim_keep_memory(void) {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}
