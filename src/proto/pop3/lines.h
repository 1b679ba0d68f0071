/* What the lines of POP3's listings say (RFC 1939, 2449, 5034, 6856). Pure functions. */
#ifndef FULMAR_PROTO_POP3_LINES_H
#define FULMAR_PROTO_POP3_LINES_H

#include <glib.h>

enum { POP3_EXPIRE_UNKNOWN = -1, POP3_EXPIRE_NEVER = G_MAXINT };

struct pop3_caps {
	gboolean top, uidl, user, pipelining, stls, resp_codes, auth_resp_code, utf8, utf8_user;
	int login_delay; /* seconds between log-ins; 0: none told */
	int expire; /* days a message is kept on the server, 0: not after the session; or one of the above */
	GPtrArray *sasl;      /* char *: mechanisms, as written */
	char *implementation; /* unsafe, or NULL */
};

void pop3_caps_init(struct pop3_caps *caps);
void pop3_caps_clear(struct pop3_caps *caps);
/* A line of CAPA's answer; unknown ones are passed over. */
void pop3_caps_line(struct pop3_caps *caps, const char *line);

/* "n rest" of LIST, UIDL and STAT: n from 1 to 2^31-1 (STAT: from 0); *rest lends what follows, without
 * blanks around it is not asked for. FALSE when line is none such. */
gboolean pop3_numbered(const char *line, guint *n, const char **rest);
/* Octets; anything behind the digits is passed over. FALSE: no number, or more than 63 bits. */
gboolean pop3_octets(const char *text, guint64 *octets);
/* 1 to 70 octets from 0x21 to 0x7E say the RFCs; accepted: 1 to 1,024 without controls. */
gboolean pop3_uidl_is_usable(const char *uidl, gsize len, gsize whole);
/* May stand in a command: no CR, LF or NUL. */
gboolean pop3_argument_is_safe(const char *text);

#endif
