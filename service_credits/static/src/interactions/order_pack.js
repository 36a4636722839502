import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/** A pack on the order page: an impatient second click orders nothing more. */
export class OrderPack extends Interaction {
    static selector = ".o_sc_pack";
    dynamicContent = {
        _root: { "t-on-submit": this.onSubmit },
        // A page that the browser's Back button brings back is as it was left.
        _window: { "t-on-pageshow": () => (this.sent = false) },
        "button[type='submit']": {
            "t-att-aria-busy": () => (this.sent ? "true" : "false"),
            "t-att-class": () => ({ disabled: this.sent }),
        },
    };

    setup() {
        this.sent = false;
    }

    onSubmit(ev) {
        if (this.sent) {
            ev.preventDefault();
        }
        this.sent = true;
    }
}

registry.category("public.interactions").add("service_credits.order_pack", OrderPack);
