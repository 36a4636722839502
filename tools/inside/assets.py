"""Makes the bundles of scripts and styles that pages use, so that the first page is quick."""

from . import environment

if __name__ == "__main__":
    with environment() as env:
        env["ir.qweb"]._pregenerate_assets_bundles()
        env.cr.commit()
