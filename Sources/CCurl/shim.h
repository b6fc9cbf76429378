#pragma once
#include <curl/curl.h>

// curl's setters and getters are variadic, which Swift cannot call: one typed function for each kind of argument.

static inline CURLcode landfall_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode landfall_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode landfall_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode landfall_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode landfall_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

// Reads, writes and header lines share one shape.
typedef size_t (*landfall_curl_transfer)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode landfall_curl_set_transfer(CURL *handle, CURLoption option, landfall_curl_transfer function) {
    return curl_easy_setopt(handle, option, function);
}

typedef int (*landfall_curl_seek)(void *context, curl_off_t offset, int origin);

static inline CURLcode landfall_curl_set_seek(CURL *handle, landfall_curl_seek function) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, function);
}

static inline CURLcode landfall_curl_get_offset(CURL *handle, CURLINFO key, curl_off_t *value) {
    return curl_easy_getinfo(handle, key, value);
}

static inline CURLcode landfall_curl_get_pointer(CURL *handle, CURLINFO key, void **value) {
    return curl_easy_getinfo(handle, key, value);
}

static inline CURLMcode landfall_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// The result of a message is in a union.
static inline CURLcode landfall_curl_message_result(const CURLMsg *message) {
    return message->data.result;
}

// Macros that Swift does not import.
static const size_t landfall_curl_abort_read = CURL_READFUNC_ABORT;
static const long landfall_curl_global_all = CURL_GLOBAL_ALL;
