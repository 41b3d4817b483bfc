// The one page of the shop, as HTML.

import type { MoneyV1 } from "catalog-contracts/catalog/v1/money_v1_pb.js";
import type { ProductV1 } from "catalog-contracts/catalog/v1/catalog_v1_pb.js";
import type { OrderV1 } from "orders-contracts/orders/v1/orders_v1_pb.js";

const MARKS: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => MARKS[mark]);
}

function amount(money: MoneyV1 | undefined): string {
  return money ? `${(Number(money.cents) / 100).toFixed(2)} ${escaped(money.currency)}` : "";
}

function product({ sku, title, price }: ProductV1): string {
  return `<option value="${escaped(sku)}">${escaped(title)}: ${amount(price)}</option>`;
}

function order({ lines, total }: OrderV1): string {
  const pieces = lines.map((line) => `${line.quantity} x ${escaped(line.sku)}`);
  return `<li>${pieces.join(", ")}: ${amount(total)}</li>`;
}

// A form to order, and the orders of the customer, the newest first.
export function page(customer: string, products: ProductV1[], orders: OrderV1[]): string {
  return `<!doctype html>
<title>Shop</title>
<h1>Shop</h1>
<form method="post">
<input name="customer" value="${escaped(customer)}" required>
<select name="sku">
${products.map(product).join("\n")}
</select>
<input name="quantity" type="number" min="1" value="1">
<button>Order</button>
</form>
<ul>
${orders.map(order).join("\n")}
</ul>
`;
}
