/* What went wrong, by what a person can do about it.
 *
 * One domain for the whole program: the code is the exit status of fulmar(1) that the fault leads to, ordered
 * by how much it stops. The message is one translated line: what, where, what to do. It never holds a secret.
 */
#ifndef FULMAR_BASE_ERROR_H
#define FULMAR_BASE_ERROR_H

#include <glib.h>

#define FULMAR_ERROR (fulmar_error_quark())
GQuark fulmar_error_quark(void);

enum fulmar_error {
	FULMAR_OK = 0,
	FULMAR_FAILED = 1,     /* this action alone failed */
	FULMAR_USAGE = 2,      /* the command line or the configuration is wrong */
	FULMAR_NO_LINK = 3,    /* no connection could be had, or it was lost; worth trying again */
	FULMAR_AUTH = 4,       /* the server refused the log-in */
	FULMAR_CERT = 5,       /* the server's certificate was refused */
	FULMAR_PARTLY = 6,     /* done in part */
	FULMAR_CANCELLED = 7,  /* never an exit status: somebody called it off */
	FULMAR_UNSUPPORTED = 8 /* never an exit status: this account cannot do that, and why */
};

/* Exit status for an error; FULMAR_FAILED for foreign domains, 0 for NULL. */
int fulmar_error_status(const GError *error);

/* Sets *error unless error is NULL. Like g_set_error with our domain. */
void fulmar_fail(GError **error, enum fulmar_error code, const char *format, ...) G_GNUC_PRINTF(3, 4);

#endif
