import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { formatInteger, formatMonetary } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { MonthsChart } from "./months_chart";

/** The first page of Service Credits: figures, each a way to the list behind it. */
export class ServiceCreditsDashboard extends Component {
    static template = "service_credits.Dashboard";
    static components = { Layout, MonthsChart };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        // Packs are bought a few times a year: a month alone would often be empty.
        this.state = useState({ period: this.props.state?.period || "twelve_months", data: null });
        useSetupAction({ getLocalState: () => ({ period: this.state.period }) });
        onWillStart(() => this.load());
    }

    async load(period = this.state.period) {
        const data = await this.keepLast.add(
            this.orm.call("service.credit.dashboard", "action_get_figures", [period])
        );
        Object.assign(this.state, { data, period: data.period });
    }

    /** @param {Object|false} action what the server says stands behind a figure */
    open(action) {
        if (action) {
            return this.action.doAction(action);
        }
    }

    async sellPack() {
        return this.open(await this.orm.call("service.credit.dashboard", "action_sell_pack"));
    }

    /** Opens a first step of the manager; what it changed shows when a dialog closes. */
    async openStep(step) {
        const action = await this.orm.call("onboarding.onboarding.step", step.method);
        return this.action.doAction(action, { onClose: () => this.load() });
    }

    async closeOnboarding() {
        await this.orm.call("service.credit.dashboard", "action_close_onboarding");
        return this.load();
    }

    format(tile) {
        if (tile.monetary) {
            return formatMonetary(tile.value, { currencyId: this.state.data.currency_id });
        }
        return formatInteger(tile.value);
    }

    formatInteger(value) {
        return formatInteger(value);
    }

    /** @returns {string} how far the manager is with the first steps */
    get progress() {
        const { done, steps } = this.state.data.onboarding;
        return _t("%(done)s of %(all)s done", { done, all: steps.length });
    }

    /** @returns {Object|undefined} the first step that is still to be taken */
    get nextStep() {
        return this.state.data.onboarding.steps.find((step) => !step.done);
    }

    /** @returns {string} the button below a list that is longer than what it shows */
    showAll(list) {
        return _t("Show all %(count)s", { count: formatInteger(list.count) });
    }

    /** @returns {string} what a screen reader says of a figure */
    describe(tile) {
        return _t("%(label)s: %(value)s %(detail)s", {
            label: tile.label,
            value: this.format(tile),
            detail: tile.detail,
        });
    }

    /** @returns {number} the length of a bar beside the longest one, in percent */
    share(bar, bars) {
        const longest = Math.max(...bars.map((other) => other.value), 1);
        return Math.round((100 * Math.max(bar.value, 0)) / longest);
    }
}

registry.category("actions").add("service_credits.dashboard", ServiceCreditsDashboard);
