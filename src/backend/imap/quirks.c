#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/i18n.h"

/* A server's habits, told by its greeting; each row names what it does. The first row
 * whose text occurs is taken. What hurts nobody is forgiven by the parser instead, and what can be found out
 * by trying is tried (a LIST that is refused although advertised, IDLE, CHANGEDSINCE, SEARCH KEYWORD). */
static const struct imap_quirk quirks[] = {
        {"Courier-IMAP", "SASL-IR", N_("Courier: no initial response")},
        {"hMailServer", NULL, N_("hMailServer: ranges must rise")},
        {"Proton Mail Bridge", "LIST-EXTENDED,LIST-STATUS,SPECIAL-USE",
         N_("Proton Bridge: refuses extended LIST")},
        {"iCloud", "QRESYNC,ESEARCH,BINARY", N_("iCloud: VANISHED and ESEARCH cannot be relied on")},
        {"Exchange Server 2003", "NAMESPACE,PIPELINING", N_("Exchange 2003: NAMESPACE ends the session")},
        {"Microsoft Exchange", "PIPELINING", N_("Exchange: one command at a time")},
        {"perdition", NULL, N_("a proxy: capabilities change after the log-in")},
};

const struct imap_quirk *
imap_quirk_for(const char *greeting)
{
	for (guint i = 0; greeting && i < G_N_ELEMENTS(quirks); i++)
		if (strstr(greeting, quirks[i].server))
			return &quirks[i];
	return NULL;
}
