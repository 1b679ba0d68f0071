/* Mail on its way from one account to another, within one run of the program. */
#ifndef FULMAR_APP_SETTLE_H
#define FULMAR_APP_SETTLE_H

#include "app/session.h"

/* The source gives the octets, the target takes them, the source lets go: replays all accounts (const struct
 * conf_account *) in turns as long as that brings a transfer on. What fails stays in the journal, which is to
 * be asked afterwards. */
void settle_transfers(const struct app *app, struct session *session, const GPtrArray *accounts);

#endif
