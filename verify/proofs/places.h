/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An order of all buffers, which exists in proofs only (ghost code): first those in stock,
 * as the stock has them, then those that are lent, then the rest. It shows the provers why
 * a stock of different buffers never runs over.
 */
#ifndef VERIFY_PLACES_H
#define VERIFY_PLACES_H

#define PLACES 1024

/*@ ghost
    uint32_t order[PLACES];
    uint32_t place[PLACES];
*/

/*@ predicate ordered(integer all) =
        (\forall integer i; 0 <= i < all ==> order[i] < all && place[order[i]] == i) &&
        (\forall integer id; 0 <= id < all ==> place[id] < all && order[place[id]] == id);

    predicate stocked(integer all, integer stock, integer lent, uint16_t *free) =
        all <= PLACES && stock + lent <= all && ordered(all) &&
        (\forall integer i; 0 <= i < stock ==> free[i] == order[i]);
*/

/*@ ghost
    /@ requires all <= PLACES && ordered(all) && i < all && j < all;
       assigns order[i], order[j], place[order[i]], place[order[j]];
       ensures ordered(all);
       ensures order[i] == \old(order[j]) && order[j] == \old(order[i]);
    @/
    void swap(uint32_t all, uint32_t i, uint32_t j)
    {
        uint32_t a = order[i];
        uint32_t b = order[j];
        order[i] = b;
        order[j] = a;
        place[b] = i;
        place[a] = j;
    }
*/

/*@ ghost
    /@ requires all <= PLACES && ordered(all) && stock + lent < all;
       requires id < all && stock + lent <= place[id];
       assigns order[stock .. all - 1], place[0 .. all - 1];
       ensures ordered(all);
       ensures order[stock] == id;
       ensures \forall integer i; 0 <= i < all && \old(place[i]) < stock ==> place[i] == \old(place[i]);
       ensures \forall integer i; 0 <= i < all && stock <= \old(place[i]) < stock + lent ==>
           stock < place[i] <= stock + lent;
       ensures \forall integer i; 0 <= i < all && i != id && stock + lent <= \old(place[i]) ==>
           stock + lent < place[i];
    @/
    void to_stock(uint32_t all, uint32_t stock, uint32_t lent, uint32_t id)
    {
        swap(all, place[id], stock + lent);
        swap(all, stock + lent, stock);
    }
*/

/*@ ghost
    /@ requires all <= PLACES && ordered(all) && stock + lent <= all;
       requires id < all && stock <= place[id] < stock + lent;
       assigns order[stock .. all - 1], place[0 .. all - 1];
       ensures ordered(all);
       ensures place[id] == stock + lent - 1;
       ensures \forall integer i; 0 <= i < all && \old(place[i]) < stock ==> place[i] == \old(place[i]);
       ensures \forall integer i; 0 <= i < all && i != id && stock <= \old(place[i]) < stock + lent ==>
           stock <= place[i] < stock + lent - 1;
       ensures \forall integer i; 0 <= i < all && stock + lent <= \old(place[i]) ==>
           place[i] == \old(place[i]);
    @/
    void from_driver(uint32_t all, uint32_t stock, uint32_t lent, uint32_t id)
    {
        swap(all, place[id], stock + lent - 1);
    }
*/

#endif
