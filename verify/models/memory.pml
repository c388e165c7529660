/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two processors and a memory between them, as weak as C17's orders allow.
 *
 * A processor issues its operations in program order into a window, from where they
 * reach the memory in any order that is not forbidden:
 *
 *     - two operations on one place keep their order;
 *     - a release store waits until all that was issued before it has been done;
 *     - an acquire load is done before anything later is issued;
 *     - a seq_cst fence waits until the window is empty.
 *
 * So stores pass stores and loads, and loads pass stores and loads. A load that is
 * done after something later was issued must have had a value by then: it is guessed,
 * and the load is done only when the memory holds what was guessed. A run whose guess
 * never comes true did not happen; until then its faults do not count.
 *
 * WINDOW bounds how far operations may be apart when they change places.
 *
 * With STORE_LOAD only stores come late, and in their order, as in the simulator
 * (sim/access.c): what both say of a step can then be compared (tests/verify).
 */
#define RELAXED 0
#define RELEASE 1 /* a store */
#define CHECKED 2 /* a load of an entry: it must find `value` */
#define GUESSED 3 /* a load that was said to find `value` */
#define UNASKED 4 /* a load that was said to find no wish for `value`, of `fresh` */

typedef Operation {
    byte place;
    byte value;
    byte fresh;
    byte how
}

typedef Window {
    byte used;
    Operation op[WINDOW]
}

byte memory[PLACES];
Window window[2];
byte guesses;  /* that have not come true yet */
bool wrong;    /* something that must not happen happened */
byte i;        /* of moves within a window */

#define HOW(c, n)   window[c].op[n].how
#define PLACE(c, n) window[c].op[n].place
#define VALUE(c, n) window[c].op[n].value
#define HELD(c, n)  memory[PLACE(c, n)]

/* Whether nothing issued before operation n must be done first, and it finds what was guessed. */
#define APART(c, n, before) (n <= before || PLACE(c, n) != PLACE(c, before))
#define FREE(c, n) (window[c].used > n && (n == 0 || HOW(c, n) != RELEASE) && \
    APART(c, n, 0) && APART(c, n, 1) && APART(c, n, 2) && APART(c, n, 3) && APART(c, n, 4) && \
    (HOW(c, n) != GUESSED || HELD(c, n) == VALUE(c, n)) && \
    (HOW(c, n) != UNASKED || !PASSED(HELD(c, n), VALUE(c, n), window[c].op[n].fresh)))

/* Whether no load of this place is still to be done. */
#define WAITS(c, n, where) (window[c].used > n && PLACE(c, n) == where && HOW(c, n) >= CHECKED)
#define SETTLED(c, where)  !(WAITS(c, 0, where) || WAITS(c, 1, where) || WAITS(c, 2, where) || \
    WAITS(c, 3, where) || WAITS(c, 4, where) || WAITS(c, 5, where))

inline do_operation(c, n)
{
    d_step {
        if
        :: HOW(c, n) <= RELEASE ->
            printf("%d: place %d becomes %d\n", c, PLACE(c, n), VALUE(c, n));
            memory[PLACE(c, n)] = VALUE(c, n);
            stored(PLACE(c, n))
        :: HOW(c, n) == CHECKED ->
            printf("%d: entry at place %d is %d, expected %d\n", c, PLACE(c, n), HELD(c, n), VALUE(c, n));
            wrong = wrong || HELD(c, n) != VALUE(c, n)
        :: else ->
            printf("%d: what was guessed of place %d comes true: %d\n", c, PLACE(c, n), HELD(c, n));
            guesses--
        fi;
        window[c].used--;
        i = n;
        do
        :: i < window[c].used ->
            PLACE(c, i) = PLACE(c, i + 1);
            VALUE(c, i) = VALUE(c, i + 1);
            HOW(c, i) = HOW(c, i + 1);
            window[c].op[i].fresh = window[c].op[i + 1].fresh;
            i++
        :: else ->
            break
        od;
        PLACE(c, i) = 0;
        VALUE(c, i) = 0;
        HOW(c, i) = 0;
        window[c].op[i].fresh = 0;
        i = 0
    }
}

/*
 * Programs run atomically, but where they wait: for the window, for a notification, and
 * before they look at the memory for a turn, that others may come first. That loses no
 * run, since what they do in between is seen by nobody else.
 */
chan turn[2] = [0] of { bool };

/* What was issued reaches the memory, some time. */
proctype processor(byte c)
{
end:
    do
    :: atomic { FREE(c, 0) -> do_operation(c, 0) }
    :: atomic { FREE(c, 1) -> do_operation(c, 1) }
    :: atomic { FREE(c, 2) -> do_operation(c, 2) }
    :: atomic { FREE(c, 3) -> do_operation(c, 3) }
    :: atomic { FREE(c, 4) -> do_operation(c, 4) }
    :: atomic { FREE(c, 5) -> do_operation(c, 5) }
    :: turn[c] ! true
    od
}

inline issue(c, where, what, since, kind)
{
    window[c].used < WINDOW;
    d_step {
        PLACE(c, window[c].used) = where;
        VALUE(c, window[c].used) = what;
        HOW(c, window[c].used) = kind;
        window[c].op[window[c].used].fresh = since;
        window[c].used++
    }
}

/* ---- What programs do; each a step that DELETE may name ---- */

#ifndef DELETE
#define DELETE nothing
#endif
#define KEPT(step)          (DELETE != step)
#define ORDER(step, strong) (KEPT(step) -> strong : RELAXED)

inline set(step, what, value)
{
    if
    :: KEPT(step) -> what = value
    :: else
    fi
}

inline store(c, step, where, what, order)
{
    mortal(c);
    if
#ifdef STORE_LOAD
    :: KEPT(step) -> issue(c, where, what, 0, RELEASE)
#else
    :: KEPT(step) -> issue(c, where, what, 0, order)
#endif
    :: else
    fi
}

inline fence(c, step)
{
    mortal(c);
    !KEPT(step) || window[c].used == 0
}

/* Load an entry's word, which must be `what`. */
inline load_word(c, step, where, what)
{
    mortal(c);
    if
#ifdef STORE_LOAD
    :: KEPT(step) -> turn[c] ? _; wrong = wrong || memory[where] != what
#else
    :: KEPT(step) -> issue(c, where, what, 0, CHECKED)
#endif
    :: else -> wrong = true
    fi
}

/* Load the other's index; without acquire it may be guessed: up to `most` after `least`. */
inline load_index(c, order_step, where, result, least, most)
{
    mortal(c);
    turn[c] ? _;
    if
    :: SETTLED(c, where) ->
        result = memory[where];
        printf("%d: place %d is %d\n", c, where, result)
#ifndef STORE_LOAD
    :: !KEPT(order_step) ->
        select (result : 0 .. most);
        result = IX(least + result);
        guesses++;
        issue(c, where, result, 0, GUESSED)
#endif
    fi
}

/* Load the index at which the other wants to be woken, and wake it. */
inline load_wish(c, step, where, now, since)
{
    mortal(c);
    if
    :: !KEPT(step)
    :: KEPT(step) ->
        turn[c] ? _;
        if
        :: SETTLED(c, where) ->
            printf("%d: place %d is %d\n", c, where, memory[where]);
            if
            :: PASSED(memory[where], now, since) -> notify(1 - c)
            :: else
            fi
#ifndef STORE_LOAD
        :: guesses++;
           issue(c, where, now, since, UNASKED)
#endif
        fi
    fi
}
