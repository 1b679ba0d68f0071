/* Messages as lines: JSON objects or text. */
#ifndef FULMAR_APP_ROWS_H
#define FULMAR_APP_ROWS_H

#include "app/app.h"

/* Members of one row's object, without the brackets. folder is its path. */
void rows_json_members(GString *out, const struct conf_account *account, const char *folder,
                       const struct store_row *row);
/* One line on standard output; depth indents the subject in threads. FALSE when nobody reads any more. */
gboolean rows_print(const struct app *app, const struct conf_account *account, const char *folder,
                    const struct store_row *row, guint depth);
/* Who a message is from, for people: the name or address of the first, "" when nobody. Lends from row. */
const char *rows_sender(const struct store_row *row);

#endif
