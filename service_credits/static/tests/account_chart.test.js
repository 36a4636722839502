import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { queryOne } from "@odoo/hoot-dom";
import { mockDate } from "@odoo/hoot-mock";
import { mountWithCleanup, onRpc, preloadBundle } from "@web/../tests/web_test_helpers";
import { AccountChart } from "@service_credits/account_chart/account_chart";

defineMailModels();
preloadBundle("web.chartjs_lib");

async function draw(points, record = { resId: 7 }) {
    const asked = [];
    onRpc("service.credit.account", "action_get_stock_points", ({ args }) => {
        asked.push(args[0]);
        return points;
    });
    await mountWithCleanup(AccountChart, { props: { record } });
    return asked;
}

const getChart = () => window.Chart.getChart(queryOne(".o_sc_account_chart canvas"));

test("the stock lasts until today", async () => {
    mockDate("2026-03-01 12:00:00");
    const asked = await draw([
        { date: "2026-01-05", available: 10, held: 0 },
        { date: "2026-02-03", available: 2, held: 8 },
    ]);
    expect(asked).toEqual([7]);
    const [available, held] = getChart().data.datasets;
    expect(available.data).toEqual([
        { x: "2026-01-05", y: 10 },
        { x: "2026-02-03", y: 2 },
        { x: "2026-03-01", y: 2 },
    ]);
    expect(held.data.map((point) => point.y)).toEqual([0, 8, 8]);
    expect(".o_sc_account_chart canvas").toHaveAttribute("aria-label", "Stock over time");
});

test("a movement of today is the last point", async () => {
    mockDate("2026-03-01 12:00:00");
    await draw([{ date: "2026-03-01", available: 10, held: 0 }]);
    const { datasets } = getChart().data;
    expect(datasets).toHaveLength(1);
    expect(datasets[0].data).toEqual([{ x: "2026-03-01", y: 10 }]);
});

test("an account without movements has no chart", async () => {
    await draw([]);
    expect(".o_sc_account_chart").toHaveCount(0);
});

test("an account that is not saved is not asked about", async () => {
    expect(await draw([], { resId: false })).toEqual([]);
});
