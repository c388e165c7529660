/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Curves, as SVG, and all tables, as Markdown, from the kept results. A curve's points
 * are the cases of a set whose names are a prefix and a number: "read 4 KiB, depth 8".
 * Both axes may be logarithmic.
 */
#include "draw.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "table.h"

#define CURVES 6U
#define POINTS 64U

enum { WIDTH = 640, HEIGHT = 360, LEFT = 70, RIGHT = 20, TOP = 40, BOTTOM = 46, LEGEND = 18 };

struct curve {
    const char *title, *kind, *set, *prefix, *part;
};

static const struct chart {
    const char *file, *title, *x, *y;
    bool log_x, log_y;
    struct curve curve[CURVES];
} charts[] = {
    {"queue",
     "An entry put and taken, with all checks and fences",
     "entries per batch",
     "instructions",
     true,
     false,
     {{"8 bytes", "devkit", "queue", "8 B, batch ", "total"},
      {"16 bytes", "devkit", "queue", "16 B, batch ", "total"},
      {"32 bytes", "devkit", "queue", "32 B, batch ", "total"}}},
    {"block",
     "A random read of 4 KiB, all of kernel, framework and program",
     "requests outstanding",
     "instructions",
     true,
     true,
     {{"Linux 6.1, io_uring, O_DIRECT", "linux", "linux", "read 4 KiB, depth ", "total"},
      {"Quoll on seL4 2.0.1", "2.0.1", "block", "read 4 KiB, depth ", "total"},
      {"Quoll on the development kernel", "devkit", "block", "read 4 KiB, depth ", "total"}}},
    {"clients",
     "An echoed packet of 64 B at one client, seL4 2.0.1",
     "clients, all others idle",
     "instructions",
     false,
     false,
     {{"1 outstanding", "2.0.1", "growth", "net, 1 outstanding, clients ", "total"},
      {"32 outstanding", "2.0.1", "growth", "net, 32 outstanding, clients ", "total"}}},
    {"timeouts",
     "A timeout set and expired, seL4 2.0.1",
     "timeouts running",
     "instructions",
     true,
     false,
     {{"all of kernel, driver, virtualiser, client", "2.0.1", "growth", "timeout, running ",
       "total"},
      {"the heap alone: put and removed", "2.0.1", "growth", "heap, put and removed among ",
       "total"}}},
    {"partitions",
     "A random read of 4 KiB, 32 outstanding at one client, seL4 2.0.1",
     "clients with a partition each, all others idle",
     "instructions",
     false,
     false,
     {{"total", "2.0.1", "growth", "4 KiB read, partitions ", "total"},
      {"virtualiser and driver", "2.0.1", "growth", "4 KiB read, partitions ", "framework"}}},
    {"overload",
     "An echoed packet when more is offered than can be served, seL4 2.0.1",
     "offered, % of the closed loop's peak",
     "instructions",
     false,
     false,
     {{"instructions per packet that was echoed, those dropped included", "2.0.1", "overload",
       "offered ", "instructions per echo"}}},
};

struct line {
    const char *title;
    unsigned points;
    double x[POINTS], y[POINTS];
};

struct picture {
    FILE *file;
    const struct chart *chart;
    unsigned lines;
    struct line line[CURVES];
    double x_least, x_most, y_least, y_most;
};

static const char *const colours[CURVES] = {"#0b6e99", "#d9730d", "#448361",
                                            "#9065b0", "#c4554d", "#787774"};

/* ---- Points ---- */

static double figure(json_t *one, const char *part)
{
    static const char *const groups[] = {"median", "noted", "events"};

    for (unsigned i = 0; i < 3; i++) {
        json_t *value = json_object_get(json_object_get(one, groups[i]), part);

        if (value != NULL) {
            return json_real_value(value);
        }
    }
    return NAN;
}

static void add_point(struct line *line, double x, double y)
{
    unsigned at = line->points;

    if (line->points == POINTS || isnan(y)) {
        return;
    }
    for (; at > 0 && line->x[at - 1] > x; at--) {
        line->x[at] = line->x[at - 1];
        line->y[at] = line->y[at - 1];
    }
    line->x[at] = x;
    line->y[at] = y;
    line->points += 1;
}

static void read_line(struct line *line, const struct curve *curve, json_t *results)
{
    json_t *set = json_object_get(json_object_get(results, curve->kind), curve->set), *one;
    const char *name;

    line->title = curve->title;
    json_object_foreach(set, name, one)
    {
        char *end;
        size_t length = strlen(curve->prefix);

        if (strncmp(name, curve->prefix, length) == 0) {
            double x = strtod(name + length, &end);

            if (end != name + length && *end == '\0') {
                add_point(line, x, figure(one, curve->part));
            }
        }
    }
}

static void find_bounds(struct picture *p)
{
    p->x_least = p->y_least = INFINITY;
    p->x_most = p->y_most = -INFINITY;
    for (unsigned l = 0; l < p->lines; l++) {
        for (unsigned i = 0; i < p->line[l].points; i++) {
            p->x_least = fmin(p->x_least, p->line[l].x[i]);
            p->x_most = fmax(p->x_most, p->line[l].x[i]);
            p->y_least = fmin(p->y_least, p->line[l].y[i]);
            p->y_most = fmax(p->y_most, p->line[l].y[i]);
        }
    }
    if (!p->chart->log_y) {
        p->y_least = 0;
        p->y_most *= 1.05;
    }
}

/* ---- Drawing ---- */

static double along(double value, double least, double most, bool logarithmic)
{
    if (most <= least) {
        return 0.5;
    }
    return logarithmic ? log(value / least) / log(most / least) : (value - least) / (most - least);
}

static double place_x(const struct picture *p, double x)
{
    return LEFT + along(x, p->x_least, p->x_most, p->chart->log_x) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const struct picture *p, double y)
{
    return HEIGHT - BOTTOM -
           along(y, p->y_least, p->y_most, p->chart->log_y) * (HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, so that there are about five of them. */
static double step_of(double range)
{
    double power = pow(10, floor(log10(range / 5)));
    double times = range / 5 / power;

    return power * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

static void y_tick(struct picture *p, double y)
{
    fprintf(p->file,
            "<path d=\"M%d %.1fH%d\" class=\"grid\"/><text x=\"%d\" y=\"%.1f\" "
            "text-anchor=\"end\">%g</text>\n",
            LEFT, place_y(p, y), WIDTH - RIGHT, LEFT - 8, place_y(p, y) + 4, y);
}

static void y_axis(struct picture *p)
{
    if (p->chart->log_y) {
        for (double y = pow(10, floor(log10(p->y_least))); y <= p->y_most; y *= 10) {
            for (unsigned times = 1; times <= 5; times += times == 1 ? 1 : 3) {
                if (y * times >= p->y_least && y * times <= p->y_most) {
                    y_tick(p, y * times);
                }
            }
        }
        return;
    }
    double step = step_of(p->y_most - p->y_least);

    for (double y = 0; y <= p->y_most; y += step) {
        y_tick(p, y);
    }
}

/* A tick for each point of the line that has most, as far as they do not overlap. */
static void x_axis(struct picture *p)
{
    const struct line *longest = &p->line[0];
    double last = -1000;

    for (unsigned l = 1; l < p->lines; l++) {
        longest = p->line[l].points > longest->points ? &p->line[l] : longest;
    }
    for (unsigned i = 0; i < longest->points; i++) {
        double x = place_x(p, longest->x[i]);

        if (x - last >= 34) {
            fprintf(p->file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n", x,
                    HEIGHT - BOTTOM + 18, longest->x[i]);
            last = x;
        }
    }
}

static void draw_line(struct picture *p, unsigned l)
{
    const struct line *line = &p->line[l];

    fprintf(p->file, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"",
            colours[l]);
    for (unsigned i = 0; i < line->points; i++) {
        fprintf(p->file, "%.1f,%.1f ", place_x(p, line->x[i]), place_y(p, line->y[i]));
    }
    fprintf(p->file, "\"/>\n");
    for (unsigned i = 0; i < line->points; i++) {
        fprintf(p->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n",
                place_x(p, line->x[i]), place_y(p, line->y[i]), colours[l]);
    }
    fprintf(p->file,
            "<rect x=\"%d\" y=\"%u\" width=\"14\" height=\"4\" fill=\"%s\"/>"
            "<text x=\"%d\" y=\"%u\">%s</text>\n",
            LEFT, HEIGHT + l * LEGEND, colours[l], LEFT + 22, HEIGHT + 6 + l * LEGEND, line->title);
}

static void draw(struct picture *p)
{
    const struct chart *c = p->chart;
    int height = HEIGHT + (int)p->lines * LEGEND + 6;

    fprintf(p->file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<!-- SPDX-License-Identifier: BSD-2-Clause; drawn by make bench-keep -->\n"
            "<style>.grid{stroke:#ddd;fill:none}text{fill:#333}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
            "<text x=\"%d\" y=\"20\" font-size=\"15\">%s</text>\n"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n"
            "<text transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>\n",
            WIDTH, height, WIDTH, height, LEFT, c->title, WIDTH - RIGHT, HEIGHT - 10, c->x,
            (TOP + HEIGHT - BOTTOM) / 2, c->y);
    y_axis(p);
    x_axis(p);
    for (unsigned l = 0; l < p->lines; l++) {
        draw_line(p, l);
    }
    fprintf(p->file, "</svg>\n");
}

static FILE *open_new(const char *path)
{
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        die("%s: %s", path, strerror(errno));
    }
    return file;
}

static void draw_chart(const struct chart *chart, json_t *results, const char *directory)
{
    struct picture picture = {.chart = chart};

    for (unsigned i = 0; i < CURVES && chart->curve[i].title != NULL; i++) {
        struct line *line = &picture.line[picture.lines];

        *line = (struct line){0};
        read_line(line, &chart->curve[i], results);
        picture.lines += line->points >= 2;
    }
    if (picture.lines == 0) {
        return;
    }
    find_bounds(&picture);
    picture.file = open_new(text("%s/%s.svg", directory, chart->file));
    draw(&picture);
    fclose(picture.file);
}

/* ---- Tables ---- */

static void write_tables(json_t *results, const char *directory)
{
    FILE *file = open_new(text("%s/figures.md", directory));
    const char *kind, *set;
    json_t *sets, *cases;

    fprintf(file, "# All figures\n\nWritten by `make bench-keep`; "
                  "[performance.md](../performance.md) says what they mean.\n");
    json_object_foreach(results, kind, sets)
    {
        json_object_foreach(sets, set, cases)
        {
            fprintf(file, "\n## %s, %s\n\n", kind, set);
            table_print(cases, file);
        }
    }
    fclose(file);
}

void draw_all(const char *path, const char *directory)
{
    json_error_t error;
    json_t *results = json_load_file(path, 0, &error);

    if (results == NULL) {
        die("%s: %s", path, error.text);
    }
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) {
        draw_chart(&charts[i], results, directory);
    }
    write_tables(results, directory);
}
