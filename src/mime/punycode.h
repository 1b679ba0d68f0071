/* Host names in ASCII (RFC 3492, RFC 5890), for showing them beside look-alikes. Pure; any thread. */
#ifndef FULMAR_MIME_PUNYCODE_H
#define FULMAR_MIME_PUNYCODE_H

#include <glib.h>

/* host (UTF-8) folded as UTS #46 does (width and case; ß stays), each label that is not ASCII as "xn--…".
 * NULL when it is no host name: empty, longer than 1,000 octets, invalid UTF-8 or with characters that no
 * host has. Gives (g_free). */
char *host_to_ascii(const char *host, gsize len);

#endif
