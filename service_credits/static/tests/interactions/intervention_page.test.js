import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { advanceTime, check, pointerDown, queryAllTexts, queryOne, uncheck } from "@odoo/hoot-dom";
import { setupInteractionWhiteList, startInteractions } from "@web/../tests/public/helpers";
import { patchWithCleanup } from "@web/../tests/web_test_helpers";

setupInteractionWhiteList("service_credits.intervention_page");

describe.current.tags("interaction_dev");

/** A quotation of 8 credits, 3 of them optional, by a client who has 10. */
const pageHtml = ({ seenUrl = "", fromMail = false } = {}) => `
    <div class="o_sc_intervention" data-token="secret" data-pid="7" data-hash="signed"
         data-csrf="csrf" ${seenUrl && `data-seen-url="${seenUrl}"`}>
        <span class="o_sc_after">2</span>
        <input type="checkbox" class="o_sc_option" data-credits="2" checked="checked"/>
        <input type="checkbox" class="o_sc_option" data-credits="1" checked="checked"/>
        <span class="o_sc_total">8</span>
        <form action="#" ${fromMail ? 'data-from-mail="1"' : ""}>
            Accept for <span class="o_sc_total">8</span>
        </form>
        <div class="o_sc_from_mail d-none"><button class="o_sc_stop">Stop</button></div>
    </div>`;

const person = { isTrusted: true };
let posted;
let sent;

beforeEach(() => {
    posted = [];
    sent = 0;
    patchWithCleanup(window, {
        fetch(url, options) {
            if (url !== "/seen") {
                return super.fetch(...arguments);
            }
            posted.push(`${options.method} ${options.body}`);
            return Promise.resolve(new Response(""));
        },
    });
});

/** The started page; what its form would send is counted instead. */
async function startPage(options) {
    const { core } = await startInteractions(pageHtml(options));
    queryOne("form").addEventListener("submit", (ev) => {
        ev.preventDefault();
        sent++;
    });
    return core.interactions[0].interaction;
}

test("the totals follow the ticked options", async () => {
    await startPage();
    expect(queryAllTexts(".o_sc_total")).toEqual(["8", "8"]);
    await uncheck(".o_sc_option:first");
    expect(queryAllTexts(".o_sc_total")).toEqual(["6", "6"]);
    expect(".o_sc_after").toHaveText("4");
    await uncheck(".o_sc_option:last");
    expect(queryAllTexts(".o_sc_total")).toEqual(["5", "5"]);
    await check(".o_sc_option:first");
    expect(queryAllTexts(".o_sc_total")).toEqual(["7", "7"]);
    expect(".o_sc_after").toHaveText("3");
});

test("a person who looks at it is reported once", async () => {
    const page = await startPage({ seenUrl: "/seen" });
    page.onPerson(person);
    page.onPerson(person);
    await advanceTime(100);
    expect(posted).toEqual(["POST csrf_token=csrf&access_token=secret&pid=7&hash=signed"]);
});

test("a script that pretends to be a person reports and sends nothing", async () => {
    await startPage({ seenUrl: "/seen", fromMail: true });
    await pointerDown(".o_sc_intervention");
    await advanceTime(10000);
    expect(posted).toEqual([]);
    expect(sent).toBe(0);
    expect(".o_sc_from_mail").toHaveClass("d-none");
});

test("a decision taken in the mail is announced, then sent once", async () => {
    const page = await startPage({ fromMail: true });
    page.onPerson(person);
    page.onPerson(person);
    expect(".o_sc_from_mail").not.toHaveClass("d-none");
    await advanceTime(2000);
    expect(sent).toBe(0);
    await advanceTime(2000);
    expect(sent).toBe(1);
    expect("form input[name=from_mail]").toHaveValue("1");
});

test("who presses Stop decides nothing", async () => {
    const page = await startPage({ fromMail: true });
    page.onPerson(person);
    page.stop();
    await advanceTime(10000);
    expect(sent).toBe(0);
    expect(".o_sc_from_mail").toHaveClass("d-none");
});

test("without a decision from the mail nothing is ever sent", async () => {
    const page = await startPage();
    page.onPerson(person);
    await advanceTime(10000);
    expect(sent).toBe(0);
});
