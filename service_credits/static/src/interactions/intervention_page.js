import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

const DELAY_BEFORE_SENDING = 3000;

/**
 * The client's page of an intervention: the total follows the ticked options, the page reports
 * once that a person has it in front of them, and, where the company allows it, a decision taken
 * in the mail is sent by itself. Both wait for a person to move, touch or type here: a mail
 * scanner that loads the page, even in a real browser, reports and sends nothing.
 */
export class InterventionPage extends Interaction {
    static selector = ".o_sc_intervention";
    dynamicContent = {
        ".o_sc_option": { "t-on-change": this.updateTotal },
        ".o_sc_stop": { "t-on-click": this.stop },
        _document: {
            "t-on-pointermove.capture": this.onPerson,
            "t-on-pointerdown.capture": this.onPerson,
            "t-on-touchstart.capture": this.onPerson,
            "t-on-keydown.capture": this.onPerson,
        },
    };

    setup() {
        this.fixed = 0;
        this.stopped = false;
        for (const el of this.el.querySelectorAll(".o_sc_option")) {
            this.fixed -= el.checked ? Number(el.dataset.credits) : 0;
        }
        const total = this.el.querySelector(".o_sc_total");
        this.fixed += total ? Number(total.textContent) : 0;
        const after = this.el.querySelector(".o_sc_after");
        this.stock = (after ? Number(after.textContent) : 0) + (total ? Number(total.textContent) : 0);
        this.form = this.el.querySelector("form[data-from-mail]");
    }

    start() {
        this.el.classList.add("o_sc_ready");
    }

    updateTotal() {
        let total = this.fixed;
        for (const el of this.el.querySelectorAll(".o_sc_option:checked")) {
            total += Number(el.dataset.credits);
        }
        for (const el of this.el.querySelectorAll(".o_sc_total")) {
            el.textContent = total;
        }
        const after = this.el.querySelector(".o_sc_after");
        if (after) {
            after.textContent = this.stock - total;
        }
    }

    reportSeen() {
        const url = this.el.dataset.seenUrl;
        if (!url || this.reported) {
            return;
        }
        this.reported = true;
        const body = new URLSearchParams({ csrf_token: this.el.dataset.csrf });
        if (this.el.dataset.token) {
            body.set("access_token", this.el.dataset.token);
            body.set("pid", this.el.dataset.pid);
            body.set("hash", this.el.dataset.hash);
        }
        // Whether it was noted makes no difference to the client.
        this.waitFor(fetch(url, { method: "POST", body })).catch(() => {});
    }

    /** A script can pretend to move a pointer, but its events are not trusted. */
    onPerson(ev) {
        if (!ev.isTrusted || document.visibilityState !== "visible") {
            return;
        }
        this.reportSeen();
        if (!this.form || this.sending) {
            return;
        }
        this.sending = true;
        this.el.querySelector(".o_sc_from_mail").classList.remove("d-none");
        this.waitForTimeout(() => {
            if (!this.stopped && document.visibilityState === "visible") {
                const way = document.createElement("input");
                way.type = "hidden";
                way.name = "from_mail";
                way.value = "1";
                this.form.append(way);
                this.form.requestSubmit();
            }
        }, DELAY_BEFORE_SENDING);
    }

    stop() {
        this.stopped = true;
        this.el.querySelector(".o_sc_from_mail").classList.add("d-none");
    }
}

registry.category("public.interactions").add("service_credits.intervention_page", InterventionPage);
