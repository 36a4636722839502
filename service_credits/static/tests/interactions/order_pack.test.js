import { describe, expect, test } from "@odoo/hoot";
import { animationFrame, click, queryOne } from "@odoo/hoot-dom";
import { setupInteractionWhiteList, startInteractions } from "@web/../tests/public/helpers";

setupInteractionWhiteList("service_credits.order_pack");

describe.current.tags("interaction_dev");

const packHtml = `
    <form class="o_sc_pack" action="#">
        <input name="quantity" value="1"/>
        <button type="submit">Order</button>
    </form>`;

test("a second click orders nothing more", async () => {
    const { core } = await startInteractions(packHtml);
    expect(core.interactions).toHaveLength(1);
    const sent = [];
    // Heard after the interaction: what was not prevented would be sent.
    queryOne("form").addEventListener("submit", (ev) => {
        sent.push(!ev.defaultPrevented);
        ev.preventDefault();
    });
    await click("button");
    await animationFrame();
    expect("button").toHaveClass("disabled");
    queryOne("form").requestSubmit();
    expect(sent).toEqual([true, false]);
});

test("the browser's Back button brings a usable page back", async () => {
    await startInteractions(packHtml);
    queryOne("form").addEventListener("submit", (ev) => ev.preventDefault());
    await click("button");
    await animationFrame();
    expect("button").toHaveClass("disabled");
    window.dispatchEvent(new PageTransitionEvent("pageshow"));
    await animationFrame();
    expect("button").not.toHaveClass("disabled");
});
