/* Translation marks. _() translates now, N_() marks a string of a table. */
#ifndef FULMAR_BASE_I18N_H
#define FULMAR_BASE_I18N_H

#include <libintl.h>

#define _(s) gettext(s)
#define N_(s) (s)
/* Of a table whose words mean something else elsewhere; g_dpgettext2 with the same context translates them.
 */
#define NC_(context, s) (s)

#endif
