/* SCRAM (RFC 5802, 7677) as a client, by libgsasl: the library is opened by the first scram_new. */
#ifndef FULMAR_PROTO_SCRAM_H
#define FULMAR_PROTO_SCRAM_H

#include <glib.h>

struct scram;

/* binding (NULL: none) is what -PLUS proves; for a plain mechanism it says that we could have bound, and the
 * server must then not be one that can ("y", RFC 5802 §6). NULL with FULMAR_FAILED when the library or the
 * mechanism is missing. */
struct scram *scram_new(const char *mechanism, const char *user, const char *password, GBytes *binding,
                        const char *binding_type, GError **error);
void scram_free(struct scram *scram);
/* Whether libgsasl knows mechanism; FALSE too when it cannot be opened. */
gboolean scram_supports(const char *mechanism);

/* One step, challenge NULL first. NULL with FULMAR_AUTH. Gives (g_bytes_unref). */
GBytes *scram_step(struct scram *scram, GBytes *challenge, GError **error);
/* The server has proved that it knows the password, too. */
gboolean scram_complete(const struct scram *scram);

#endif
