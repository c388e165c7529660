// SPDX-License-Identifier: BSD-2-Clause
"use strict";

const $ = (id) => document.getElementById(id);
let before = null;

function short(n) {
    for (const unit of ["", "k", "M", "G"]) {
        if (n < 1000 || unit === "G") {
            return (n < 10 && unit !== "" ? n.toFixed(1) : Math.round(n).toString()) + unit;
        }
        n /= 1000;
    }
}

function duration(seconds) {
    const parts = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    return parts.map((p) => String(Math.floor(p)).padStart(2, "0")).join(":");
}

// One protection domain's counters, the links' added up.
function sum(data, pd) {
    const all = {name: pd.name, entries: 0};
    data.counters.forEach((name, i) => { all[name] = pd.counters[i]; });
    data.link_counters.forEach((name, i) => {
        all["link_" + name] = pd.links.reduce((total, link) => total + link[i], 0);
    });
    all.entries = all.link_taken + all.link_put;
    all.lives = Math.max(0, ...pd.links.map((link) => link[data.link_counters.indexOf("lives")]));
    return all;
}

function cell(row, text, bad) {
    const td = row.insertCell();
    td.textContent = text;
    if (bad) {
        td.className = "bad";
    }
    return td;
}

function show(now) {
    const seconds = (now.time - before.time) / 1e9;
    const old = new Map(before.pds.map((pd) => [pd.name, pd]));
    const rates = now.pds.map((pd) => {
        const was = old.get(pd.name) || pd;
        const rate = (key) => Math.max(0, (pd[key] - was[key]) / seconds);
        return {pd, wakeups: rate("wakeups"), signals: rate("signals"), entries: rate("entries"),
                bytes: rate("link_bytes")};
    });
    const most = Math.max(1, ...rates.map((r) => r.wakeups));
    const body = document.createElement("tbody");

    for (const r of rates) {
        const row = body.insertRow();
        cell(row, r.pd.name);
        for (const key of ["wakeups", "signals", "entries", "bytes"]) {
            cell(row, short(r[key]));
        }
        cell(row, r.pd.link_refused, r.pd.link_refused > 0);
        cell(row, r.pd.lives, r.pd.lives > 1);
        const bar = cell(row, "");
        bar.className = "bar";
        bar.appendChild(document.createElement("i")).style.width = 100 * r.wakeups / most + "%";
    }
    body.id = "rows";
    $("rows").replaceWith(body);

    const driver = rates.find((r) => r.pd.name === "nic_driver");
    $("uptime").textContent = duration(now.time / 1e9);
    $("wakeups").textContent = short(rates.reduce((total, r) => total + r.wakeups, 0));
    $("frames").textContent = driver ? short(driver.entries / 2) : "–";
    $("refused").textContent = now.pds.reduce((total, pd) => total + pd.link_refused, 0);
}

async function turn() {
    try {
        const answer = await fetch("/.quoll/counters.json", {cache: "no-store"});
        if (!answer.ok) {
            throw new Error("the server says " + answer.status);
        }
        const data = await answer.json();
        const now = {time: data.now, pds: data.pds.map((pd) => sum(data, pd))};
        if (before && now.time > before.time) {
            show(now);
        }
        before = now;
        $("state").hidden = true;
    } catch (error) {
        $("state").textContent = "No answer: " + error.message;
        $("state").hidden = false;
    }
    setTimeout(turn, 500);
}

turn();
