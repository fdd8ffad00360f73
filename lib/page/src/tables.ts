/** Sortable tables of firms, products, suppliers and other rows. @module */

import type { Inventory } from "../../live/api.ts";
import { csv } from "./csv.ts";
import { download, h, setText } from "./dom.ts";
import type { Format } from "./format.ts";
import { scroller } from "./scroll.ts";
import type { Texts } from "./texts.ts";

/** A column: its title, and the format of its numbers; without one it contains text. */
export interface ColumnDefinition {
  readonly title: string;
  readonly write?: (value: number) => string;
}

export type Row = readonly (string | number)[];

/** Maximum number of rows on the screen; the CSV has all. */
const MAX_ROWS = 500;

export class SortableTable {
  readonly root: HTMLElement;
  readonly #columns: readonly ColumnDefinition[];
  readonly #headers: HTMLElement[];
  readonly #body = h("tbody");
  readonly #count = h("span", { class: "muted" });
  readonly #format: Format;
  #rows: readonly Row[] = [];
  #sortedBy = 0;
  #isDescending = false;

  constructor(
    id: string,
    title: string,
    columns: readonly ColumnDefinition[],
    { texts, format }: { readonly texts: Texts; readonly format: Format },
  ) {
    this.#columns = columns;
    this.#format = format;
    this.#headers = columns.map(({ title, write }, index) =>
      h(
        "th",
        { scope: "col", class: write === undefined ? "" : "number" },
        h("button", { type: "button", click: () => this.#sort(index) }, title),
      )
    );
    const save = () => {
      const header = columns.map(({ title }) => title);
      download(`${id}.csv`, new Blob([csv(header, this.#sorted())], { type: "text/csv" }));
    };
    this.root = h(
      "section",
      { class: "panel", id: `table-${id}` },
      h(
        "header",
        {},
        h("h3", {}, title, " ", this.#count),
        h(
          "button",
          { type: "button", class: "small", "aria-label": texts.saveCsv(title), click: save },
          texts.asCsv,
        ),
      ),
      scroller(
        title,
        texts.scrolls,
        h("table", {}, h("thead", {}, h("tr", {}, ...this.#headers)), this.#body),
      ),
    );
    this.#showOrder();
  }

  setRows(rows: readonly Row[]): void {
    this.#rows = rows;
    this.#draw();
  }

  #sort(column: number): void {
    // Numbers are sorted from the highest, names from the first.
    this.#isDescending = column === this.#sortedBy
      ? !this.#isDescending
      : this.#columns[column]!.write !== undefined;
    this.#sortedBy = column;
    this.#showOrder();
    this.#draw();
  }

  #showOrder(): void {
    for (const [index, header] of this.#headers.entries()) {
      if (index !== this.#sortedBy) header.removeAttribute("aria-sort");
      else header.setAttribute("aria-sort", this.#isDescending ? "descending" : "ascending");
    }
  }

  #sorted(): readonly Row[] {
    const at = this.#sortedBy;
    const sign = this.#isDescending ? -1 : 1;
    return this.#rows.toSorted((a, b) => {
      const [one, two] = [a[at]!, b[at]!];
      return sign *
        (typeof one === "number" && typeof two === "number"
          ? one - two
          : String(one).localeCompare(String(two)));
    });
  }

  #draw(): void {
    setText(this.#count, this.#format.whole(this.#rows.length));
    const rows = this.#sorted().slice(0, MAX_ROWS);
    // Cells are reused, which is cheaper than creating them again each second.
    while (this.#body.rows.length > rows.length) this.#body.deleteRow(-1);
    while (this.#body.rows.length < rows.length) {
      this.#body.append(h(
        "tr",
        {},
        ...this.#columns.map(({ write }, index) =>
          index === 0
            ? h("th", { scope: "row" })
            : h("td", { class: write === undefined ? "" : "number" })
        ),
      ));
    }
    for (const [index, row] of rows.entries()) {
      const { cells } = this.#body.rows[index]!;
      for (const [at, value] of row.entries()) {
        const { write } = this.#columns[at]!;
        setText(cells[at]!, typeof value === "number" && write ? write(value) : String(value));
      }
    }
  }
}

function sum(units: readonly number[] = []): number {
  return units.reduce((total, each) => total + each, 0);
}

/** Units of each product that some holders have in total. */
function stocksOf(
  holders: readonly { readonly stocks?: readonly number[] }[],
  products: number,
): readonly number[] {
  const total = new Array<number>(products).fill(0);
  for (const { stocks = [] } of holders) {
    for (let product = 0; product < products; product++) total[product]! += stocks[product] ?? 0;
  }
  return total;
}

/** The three tables of a report's detail. */
export class DetailTables {
  readonly root: HTMLElement;
  readonly #note: HTMLElement;
  readonly #tables: HTMLElement;
  readonly #firms: SortableTable;
  readonly #products: SortableTable;
  readonly #suppliers: SortableTable;
  #shown: Inventory | undefined;

  constructor(around: { readonly texts: Texts; readonly format: Format }) {
    const { texts, format } = around;
    const name = { title: texts.name };
    const units = (title: string) => ({ title, write: format.whole });
    this.#firms = new SortableTable(
      "entreprises",
      texts.tables.entreprises,
      [name, { title: texts.budgetHeader, write: format.euros }, units(texts.stockHeader)],
      around,
    );
    this.#products = new SortableTable(
      "produits",
      texts.tables.produits,
      [
        name,
        { title: texts.priceHeader, write: format.euros },
        units(texts.firmStock),
        units(texts.supplierStock),
      ],
      around,
    );
    this.#suppliers = new SortableTable(
      "fournisseurs",
      texts.tables.fournisseurs,
      [name, units(texts.stockHeader)],
      around,
    );
    this.#note = h("p", { class: "note" }, texts.noDetail);
    this.#tables = h(
      "div",
      { class: "panels detail", hidden: true },
      this.#firms.root,
      this.#products.root,
      this.#suppliers.root,
    );
    this.root = h(
      "section",
      { "aria-labelledby": "tables-title" },
      h("h2", { id: "tables-title" }, texts.tablesTitle),
      this.#note,
      this.#tables,
    );
  }

  draw(detail: Inventory | undefined): void {
    if (detail === this.#shown) return;
    this.#shown = detail;
    this.#note.hidden = detail !== undefined;
    this.#tables.hidden = detail === undefined;
    if (detail === undefined) return;
    const { produits, entreprises, fournisseurs } = detail;
    const withFirms = stocksOf(entreprises, produits.length);
    const withSuppliers = stocksOf(fournisseurs, produits.length);
    this.#firms.setRows(
      entreprises.map(({ nom, budget, stocks }) => [nom, budget, sum(stocks)]),
    );
    this.#products.setRows(
      produits.map(({ nom, prix }, at) => [nom, prix, withFirms[at]!, withSuppliers[at]!]),
    );
    this.#suppliers.setRows(fournisseurs.map(({ nom, stocks }) => [nom, sum(stocks)]));
  }
}
