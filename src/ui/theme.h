/* Roles to colours and attributes of curses, from the table and [theme]. With NO_COLOR or without colours,
 * attributes alone. Needs curses to be up. */
#ifndef FULMAR_UI_THEME_H
#define FULMAR_UI_THEME_H

#include <glib.h>
#include "conf/conf.h"

struct theme;
struct theme *theme_new(const struct conf *conf);
void theme_free(struct theme *theme);
/* Sets the attributes that stdscr writes with. look as in picture.h. */
void theme_set(const struct theme *theme, guint look);

#endif
