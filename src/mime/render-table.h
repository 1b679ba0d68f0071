/* Tables of HTML mail. Most of them only place boxes; a few hold data. A first pass over the tokens tells
 * which, so that the second can collect the cells of the ones and let the text of the others flow.
 */
#ifndef FULMAR_MIME_RENDER_TABLE_H
#define FULMAR_MIME_RENDER_TABLE_H

#include "mime/html-token.h"
#include "mime/render-private.h"

struct table_survey {
	GArray *tables; /* gsize: offsets of the <table> tags of data tables, ascending */
	GArray *rows;   /* gsize: offsets of the <tr> tags whose few words fit one line, ascending */
	guint next_table, next_row;
};

void table_survey(struct table_survey *survey, const char *html, gsize len);
void table_survey_clear(struct table_survey *survey);
/* Offsets must be asked for in rising order. */
gboolean table_is_data(struct table_survey *survey, gsize offset);
gboolean table_row_is_line(struct table_survey *survey, gsize offset);

/* A data table being collected. */
struct grid;

struct grid *grid_new(void);
void grid_free(struct grid *grid);
void grid_row(struct grid *grid);
/* Begins a cell and lends the paragraph its text goes to. */
struct para *grid_cell(struct grid *grid, int columns, int rows, gboolean right);
/* Draws it. prefix stands before each line. */
void grid_draw(struct grid *grid, struct canvas *canvas, const char *prefix);

#endif
