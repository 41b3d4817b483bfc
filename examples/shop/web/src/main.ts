// The web page of the shop: `npm start`. SHOP is the server's address, PORT that of the page.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { CatalogService } from "catalog-contracts/catalog/v1/catalog_service_v1_pb.js";
import { OrderService } from "orders-contracts/orders/v1/order_service_v1_pb.js";
import { page } from "./page.js";

const { SHOP = "http://127.0.0.1:50051", PORT = "8080" } = process.env;
const transport = createGrpcTransport({ baseUrl: SHOP });
const catalog = createClient(CatalogService, transport);
const orders = createClient(OrderService, transport);

async function show(customer: string): Promise<string> {
  const { products } = await catalog.listProducts({});
  const placed = customer ? (await orders.listOrders({ customer })).orders : [];
  return page(customer, products, placed);
}

async function place(form: URLSearchParams): Promise<string> {
  const customer = form.get("customer") ?? "";
  const sku = form.get("sku") ?? "";
  const quantity = Number(form.get("quantity"));
  if (!Number.isInteger(quantity)) {
    throw new ConnectError("quantity must be a whole number", Code.InvalidArgument);
  }
  await orders.placeOrder({ orderId: randomUUID(), customer, lines: [{ sku, quantity }] });
  return `/?${new URLSearchParams({ customer })}`;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === "POST") {
    const location = await place(new URLSearchParams(await text(request)));
    response.writeHead(303, { location }).end();
    return;
  }
  const { searchParams } = new URL(request.url ?? "/", "http://shop");
  const body = await show(searchParams.get("customer") ?? "");
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(body);
}

function refuse(response: ServerResponse, failed: unknown): void {
  const error = ConnectError.from(failed);
  const status = error.code === Code.InvalidArgument ? 400 : 502;
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${error.rawMessage}\n`);
}

const server = createServer((request, response) => {
  answer(request, response).catch((failed: unknown) => refuse(response, failed));
});
server.on("error", (error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`the shop is open at http://127.0.0.1:${PORT}`));
